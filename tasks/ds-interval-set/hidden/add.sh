/usr/bin/python3 -I -c 'import json, sys
sys.path.insert(0, "/workspace")
from intervals import IntervalSet
sets = {}
for line in sys.stdin:
    target, name, *args = json.loads(line)
    args = [sets[arg[1:]] if isinstance(arg, str) and arg.startswith("@") else arg for arg in args]
    try:
        if name == "new":
            result = sets[target] = IntervalSet(*args)
        elif name == "parse":
            result = sets[target] = IntervalSet.parse(*args)
        elif name == "take":
            result = sets[target] = getattr(sets[args[0]], args[1])(*args[2:])
        elif name == "in":
            result = args[0] in sets[target]
        elif name == "eq":
            result = [sets[target] == args[0], sets[target] != args[0]]
        else:
            result = getattr(sets[target], name)(*args)
    except ValueError:
        result = "ValueError"
    print(name, str(result) if isinstance(result, IntervalSet) else json.dumps(result), "|", *(f"{key}: {sets[key]}" for key in sorted(sets)))'