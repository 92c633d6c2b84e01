CREATE TEMP TABLE answer AS
WITH gaps AS (
  SELECT customer_id, julianday(day) - julianday(lag(day) OVER (PARTITION BY customer_id ORDER BY day, id)) AS days
  FROM orders
  WHERE status <> 'cancelled'
)
SELECT customers.name AS customer, CAST(max(days) AS INTEGER) AS days
FROM gaps
JOIN customers ON customers.id = customer_id
GROUP BY customer_id
HAVING count(days) > 0
ORDER BY max(days) DESC, customers.name, customers.id;
SELECT * FROM answer;
