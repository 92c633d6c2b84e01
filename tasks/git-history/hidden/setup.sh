set -e
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
at() { GIT_AUTHOR_DATE="$1 +0000" GIT_COMMITTER_DATE="$1 +0000"; export GIT_AUTHOR_DATE GIT_COMMITTER_DATE; }
git init -q -b main shop && cd shop
at 1700000000; printf '%s\n' 'def price(item):' '    return PRICES[item]' > shop.py; printf 'shop\n' > README; git add .; git commit -q -m 'Begin the shop'
at 1700000100; printf '%s\n' '' 'PRICES = {"tea": 250}' >> shop.py; git commit -q -am 'Add prices'
git checkout -q -b feature
at 1700000200; printf '%s\n' 'def total(items):' '    return sum(map(price, items))' > total.py; printf '%s\n' 'from total import total' '' 'assert total([]) == 0' > test_total.py; git add .; git commit -q -m 'WIP total and its test'
at 1700000300; printf 'TOKEN=5up3rs3cret\n' > deploy.env; git add .; git commit -q -m 'Deploy settings'
at 1700000400; printf '%s\n' 'from shop import price' '' '' 'def total(items):' '    return sum(map(price, items))' > total.py; git commit -q -am 'fix import in total'
at 1700000500; printf '%s\n' '# How to deploy' '' 'Run make deploy.' > DEPLOY.md; printf 'DEBUG=0\n' >> deploy.env; git add .; git commit -q -m 'Explain how to deploy'
at 1700000600; printf 'shop with totals\n' > README; git commit -q -am 'Mention totals'
git checkout -q main
at 1700000700; printf '%s\n' '' 'PRICES["cake"] = 400' >> shop.py; git commit -q -am 'Sell cake'
git checkout -q feature
