import parsing
import rendering

import old.script
