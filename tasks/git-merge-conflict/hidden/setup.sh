set -e
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
at() { GIT_AUTHOR_DATE="$1 +0000" GIT_COMMITTER_DATE="$1 +0000"; export GIT_AUTHOR_DATE GIT_COMMITTER_DATE; }
git init -q -b main menu && cd menu
at 1700000000
printf '%s\n' '# Menu' '' 'soup: 4.50' 'bread: 2.00' 'salad: 6.00' 'pasta: 9.50' 'pizza: 10.00' 'tea: 2.50' 'cake: 4.00' > menu.txt
printf '%s\n' 'Monday: closed' 'Tuesday: 11-22' > hours.txt
git add . && git commit -q -m 'Write the first menu'
at 1700000100
git checkout -q -b summer
printf '%s\n' '# Summer menu' '' 'cold soup: 4.50' 'bread: 2.00' 'salad: 7.20' 'pasta: 9.50' 'pizza: 10.00' 'tea: 2.50' 'ice cream: 3.50' > menu.txt
git commit -q -a -m 'Change the menu for summer'
at 1700000200
printf '%s\n' 'Monday: 12-20' 'Tuesday: 11-23' > hours.txt
git commit -q -a -m 'Open longer in summer'
at 1700000300
git checkout -q main
printf '%s\n' '# Menu' '' 'soup: 5.00' 'bread: 2.20' 'salad: 6.60' 'pasta: 10.50' 'pizza: 11.00' 'tea: 2.50' 'cake: 4.50' > menu.txt
git commit -q -a -m 'Raise the prices'
at 1700000400
printf '%s\n' 'All prices in euros.' > notes.txt
git add . && git commit -q -m 'Add notes'
