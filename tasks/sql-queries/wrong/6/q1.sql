CREATE TEMP TABLE answer AS
SELECT name, city
FROM customers
WHERE id NOT IN (SELECT customer_id FROM orders WHERE status <> 'cancelled')
ORDER BY name, id;
SELECT * FROM answer;
