CREATE TEMP TABLE answer AS
SELECT substr(orders.day, 1, 7) AS month,
       count(DISTINCT orders.id) AS orders,
       coalesce(sum(items.quantity * products.price), 0) AS revenue
FROM orders
LEFT JOIN items ON items.order_id = orders.id
LEFT JOIN products ON products.id = items.product_id
WHERE orders.status <> 'cancelled'
GROUP BY month
ORDER BY month;
SELECT * FROM answer;
