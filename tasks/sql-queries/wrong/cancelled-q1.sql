SELECT name, city
FROM customers
WHERE id NOT IN (SELECT customer_id FROM orders)
ORDER BY name, id;
