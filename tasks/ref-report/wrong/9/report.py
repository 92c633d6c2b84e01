import runpy

import parsing
import rendering

runpy.run_path("/workspace/script.txt")
