CREATE TEMP TABLE answer AS
WITH sold AS (
  SELECT products.id, products.category, products.name, sum(items.quantity) AS quantity
  FROM items
  JOIN orders ON orders.id = items.order_id AND orders.status <> 'cancelled'
  JOIN products ON products.id = items.product_id
  GROUP BY products.id
)
SELECT category, name AS product, quantity
FROM sold
WHERE quantity = (SELECT max(other.quantity) FROM sold AS other WHERE other.category = sold.category)
ORDER BY category, name, id;
SELECT * FROM answer;
