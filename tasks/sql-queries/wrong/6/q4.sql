CREATE TEMP TABLE answer AS
WITH amounts AS (
  SELECT orders.id, orders.customer_id, orders.day, coalesce(sum(items.quantity * products.price), 0) AS amount
  FROM orders
  LEFT JOIN items ON items.order_id = orders.id
  LEFT JOIN products ON products.id = items.product_id
  WHERE orders.status <> 'cancelled'
  GROUP BY orders.id
)
SELECT customers.name AS customer, day, amounts.id AS order_id, amount,
       sum(amount) OVER (PARTITION BY customer_id ORDER BY day, amounts.id ROWS UNBOUNDED PRECEDING) AS total
FROM amounts
JOIN customers ON customers.id = customer_id
ORDER BY customers.name, customers.id, day, amounts.id;
SELECT * FROM answer;
