// Names in archives: which names and link targets PACK writes and UNPACK takes. Text only; nothing here touches a file.

package main

import (
	"path"
	"strings"
)

// cleanName gives a name as archives of ours have it: relative, without empty or `.` parts; "" is the place itself. False: it could lead out.
func cleanName(name string) (string, bool) {
	if strings.HasPrefix(name, "/") || strings.IndexByte(name, 0) >= 0 {
		return "", false
	}
	for _, part := range strings.Split(name, "/") {
		if part == ".." {
			return "", false
		}
	}
	if name = path.Clean(name); name == "." {
		return "", true
	}
	return name, true
}

// linkStaysInside says whether a link that lies `depth` directories below the top of a tree leads to something in that tree. Only leading `..` are allowed:
// after a name, which may be another link, they could lead anywhere. As all links of the tree obey this, none leads out by way of another.
func linkStaysInside(target string, depth int) bool {
	if target == "" || target[0] == '/' || strings.IndexByte(target, 0) >= 0 {
		return false
	}
	named := false
	for _, part := range strings.Split(target, "/") {
		switch part {
		case "", ".":
		case "..":
			depth--
			if named || depth < 0 {
				return false
			}
		default:
			named = true
		}
	}
	return true
}

// depthOf is how many directories a clean name lies below its top.
func depthOf(name string) int { return strings.Count(name, "/") }
