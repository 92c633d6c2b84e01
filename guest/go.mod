module codecraft/guest

go 1.22
