SELECT c.city, c.name,
       (SELECT count(*) FROM orders o WHERE o.customer = c.id AND o.day LIKE '2022%') AS orders_2022,
       (SELECT sum(o.cents) FROM orders o WHERE o.customer = c.id AND o.day LIKE '2022%') AS cents_2022,
       (SELECT max(o.day) FROM orders o WHERE o.customer = c.id) AS last_day
FROM customers c
WHERE (SELECT count(*) FROM orders o WHERE o.customer = c.id AND o.day LIKE '2022%') >= 2
  AND (SELECT count(*) FROM customers d
       WHERE d.city = c.city
         AND (SELECT coalesce(sum(o.cents), 0) FROM orders o WHERE o.customer = d.id AND o.day LIKE '2022%')
           > (SELECT sum(o.cents) FROM orders o WHERE o.customer = c.id AND o.day LIKE '2022%')) < 3
ORDER BY c.city, cents_2022 DESC, c.name;
