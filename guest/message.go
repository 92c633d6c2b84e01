// The headers of frames as Go values, one type per message of docs/guest-protocol.md.
// []byte fields are base64 in JSON, as the document wants it; nothing here acts on them.

package main

type identity struct {
	UID          int      `json:"uid"`
	GID          int      `json:"gid"`
	Groups       []int    `json:"groups"`
	Capabilities []string `json:"capabilities"`
}

type agentSpec struct {
	identity
	Home []byte `json:"home_b64"`
	Name string `json:"name"`
}

type rootSpec struct {
	Path []byte `json:"path_b64"`
	Mode uint32 `json:"mode"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
}

type configureHeader struct {
	Agent      agentSpec         `json:"agent"`
	Shell      []byte            `json:"shell_b64"`
	WorkingDir []byte            `json:"working_dir_b64"`
	Env        map[string]string `json:"env"`
	Roots      []rootSpec        `json:"roots"`
	Hosts      bool              `json:"hosts"`
	LeaseMS    int64             `json:"lease_ms"`
}

type renewHeader struct {
	LeaseMS int64 `json:"lease_ms"`
}

// outputRules are what RUN and EXEC have in common.
type outputRules struct {
	Output       string `json:"output"`
	TimeoutMS    int64  `json:"timeout_ms"`
	GraceMS      int64  `json:"grace_ms"`
	Stream       bool   `json:"stream"`
	Credit       int64  `json:"credit"`
	Kept         int64  `json:"kept"`
	MaxOutput    int64  `json:"max_output"`
	StallMS      int64  `json:"stall_ms"`
	StallTotalMS int64  `json:"stall_total_ms"`
}

type runHeader struct {
	outputRules
	Session string `json:"session"`
	Stdin   string `json:"stdin"`
}

type execHeader struct {
	outputRules
	identity
	Argv      [][]byte          `json:"argv_b64"`
	Cwd       []byte            `json:"cwd_b64"`
	Env       map[string]string `json:"env"`
	HiddenDir bool              `json:"hidden_dir"`
}

type stdinHeader struct {
	EOF bool `json:"eof"`
}

type creditHeader struct {
	Bytes int64 `json:"bytes"`
}

type interruptHeader struct {
	GraceMS int64 `json:"grace_ms"`
}

type pathHeader struct {
	Path []byte `json:"path_b64"`
	As   string `json:"as"`
}

type readHeader struct {
	pathHeader
	Offset int64 `json:"offset"`
	Limit  int64 `json:"limit"`
}

type writeHeader struct {
	pathHeader
	Offset  *int64  `json:"offset"`
	Mode    *uint32 `json:"mode"`
	Parents bool    `json:"parents"`
	EOF     bool    `json:"eof"`
}

type writeDataHeader struct {
	EOF bool `json:"eof"`
}

type listHeader struct {
	pathHeader
	Depth int `json:"depth"`
	Limit int `json:"limit"`
}

type removeHeader struct {
	pathHeader
	Recursive bool `json:"recursive"`
}

type statHeader struct {
	pathHeader
	Follow bool `json:"follow"`
}

type closeSessionHeader struct {
	Session string `json:"session"`
}

type attachHeader struct {
	Nonce string `json:"nonce"`
	Epoch int64  `json:"epoch"`
}

type helloHeader struct {
	Protocol int    `json:"protocol"`
	Guest    string `json:"guest"`
	Arch     string `json:"arch"`
	Epoch    int64  `json:"epoch"`
	Cgroup   int    `json:"cgroup"`
	Hosts    bool   `json:"hosts"`
}

type configuredHeader struct {
	Shell string `json:"shell"`
}

type backgroundJob struct {
	PID     int    `json:"pid"`
	Start   uint64 `json:"start"`
	Command []byte `json:"command_b64"`
}

type endHeader struct {
	Reason           string          `json:"reason"`
	ExitCode         *int            `json:"exit_code,omitempty"`
	Signal           *int            `json:"signal,omitempty"`
	SessionRestarted bool            `json:"session_restarted"`
	Cwd              []byte          `json:"cwd_b64,omitempty"`
	OutBytes         int64           `json:"out_bytes"`
	ErrBytes         int64           `json:"err_bytes"`
	DroppedBytes     int64           `json:"dropped_bytes"`
	WallUS           int64           `json:"wall_us"`
	StalledUS        int64           `json:"stalled_us"`
	CPUUS            *int64          `json:"cpu_us,omitempty"`
	MemoryPeak       *int64          `json:"memory_peak,omitempty"`
	OOMKills         *int64          `json:"oom_kills,omitempty"`
	Background       []backgroundJob `json:"background"`
	Unkilled         int             `json:"unkilled"`
}

type syncHeader struct {
	Nonce    string        `json:"nonce"`
	Epoch    int64         `json:"epoch"`
	Commands []syncCommand `json:"commands"`
}

type syncCommand struct {
	ID        uint32 `json:"id"`
	State     string `json:"state"`
	OutOffset int64  `json:"out_offset"`
	ErrOffset int64  `json:"err_offset"`
}

type noteHeader struct {
	Event   string `json:"event"`
	Message string `json:"message"`
}

type failedHeader struct {
	Error   string `json:"error"`
	Message string `json:"message"`
	Errno   int    `json:"errno,omitempty"`
}

type acceptedHeader struct {
	Accepted int `json:"accepted"`
}

type killedHeader struct {
	Killed   int `json:"killed"`
	Unkilled int `json:"unkilled"`
}

type countHeader struct {
	Count int `json:"count"`
}

type listedHeader struct {
	Truncated bool `json:"truncated"`
	Count     int  `json:"count"`
}

type readDoneHeader struct {
	Size       int64  `json:"size"`
	Mode       uint32 `json:"mode"`
	ModifiedMS int64  `json:"mtime_ms"`
	NextOffset int64  `json:"next_offset"`
	EOF        bool   `json:"eof"`
}

type sizeHeader struct {
	Size int64 `json:"size"`
}

type statDoneHeader struct {
	Type       string `json:"type"`
	Size       int64  `json:"size"`
	Mode       uint32 `json:"mode"`
	UID        uint32 `json:"uid"`
	GID        uint32 `json:"gid"`
	ModifiedMS int64  `json:"mtime_ms"`
	Target     []byte `json:"target_b64,omitempty"`
}

type listEntry struct {
	Name       []byte `json:"name_b64"`
	Type       string `json:"type"`
	Size       int64  `json:"size"`
	Mode       uint32 `json:"mode"`
	ModifiedMS int64  `json:"mtime_ms"`
	Target     []byte `json:"target_b64,omitempty"`
}

type packHeader struct {
	Paths      [][]byte `json:"paths_b64"`
	MaxBytes   int64    `json:"max_bytes"`
	MaxEntries int      `json:"max_entries"`
	As         string   `json:"as"`
}

type packedHeader struct {
	Entries int   `json:"entries"`
	Bytes   int64 `json:"bytes"`
	Skipped int   `json:"skipped"`
}

type unpackHeader struct {
	Path []byte `json:"path_b64"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
	EOF  bool   `json:"eof"`
}

type unpackedHeader struct {
	Entries int   `json:"entries"`
	Bytes   int64 `json:"bytes"`
}

type frozenHeader struct {
	Stopped   int `json:"stopped"`
	Unstopped int `json:"unstopped"`
}

// lookWish: what is wanted of a path besides what it is: so many bytes of its content, and its hash if it is not longer than `hashed`.
type lookWish struct {
	Path    []byte `json:"path_b64"`
	Content int64  `json:"content"`
	Hashed  int64  `json:"hashed"`
}

type seenEntry struct {
	Type string `json:"type"`
	Size int64  `json:"size"`
	Mode uint32 `json:"mode"`
}

type seenPath struct {
	Entry   *seenEntry    `json:"entry,omitempty"`
	LeadsTo *seenEntry    `json:"leads_to,omitempty"`
	Bytes   int64         `json:"bytes"`
	Whole   bool          `json:"whole"`
	SHA256  string        `json:"sha256,omitempty"`
	Failed  *failedHeader `json:"failed,omitempty"`
	EOF     bool          `json:"-"`
}

type lookedHeader struct {
	Unstopped int        `json:"unstopped"`
	Seen      []seenPath `json:"seen"`
}

type thawedHeader struct {
	Resumed int `json:"resumed"`
}
