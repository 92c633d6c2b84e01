WITH totals AS (
    SELECT customer,
           sum(day >= '2022-01-01' AND day < '2023-01-01') AS orders_2022,
           sum(CASE WHEN day >= '2022-01-01' AND day < '2023-01-01' THEN cents END) AS cents_2022,
           max(CASE WHEN day LIKE '2022%' THEN day END) AS last_day
    FROM orders
    GROUP BY customer
),
ranked AS (
    SELECT c.city, c.name, t.orders_2022, t.cents_2022, t.last_day,
           rank() OVER (PARTITION BY c.city ORDER BY coalesce(t.cents_2022, 0) DESC) AS place
    FROM customers c LEFT JOIN totals t ON t.customer = c.id
)
SELECT city, name, orders_2022, cents_2022, last_day
FROM ranked
WHERE orders_2022 >= 2 AND place <= 3
ORDER BY city, cents_2022 DESC, name;
