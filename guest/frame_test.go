package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"reflect"
	"testing"
)

type vector struct {
	Name    string          `json:"name"`
	Type    byte            `json:"type"`
	ID      uint32          `json:"id"`
	Header  json.RawMessage `json:"header"`
	Body    string          `json:"body_b64"`
	Encoded string          `json:"encoded_hex"`
	Error   string          `json:"error"`
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile("../tests/data/guest_frames.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// Every shared vector decodes to its fields, or fails with its word.
func TestVectorsDecode(t *testing.T) {
	for _, v := range readVectors(t) {
		encoded, _ := hex.DecodeString(v.Encoded)
		f, err := newFrameReader(bytes.NewReader(encoded)).next()
		if v.Error != "" {
			if err == nil || err.Error() != v.Error {
				t.Errorf("%s: error %v, not %s", v.Name, err, v.Error)
			}
			continue
		}
		body, _ := base64.StdEncoding.DecodeString(v.Body)
		if err != nil || f.kind != v.Type || f.id != v.ID || !bytes.Equal(f.body, body) || !sameJSON(f.header, v.Header) {
			t.Errorf("%s: %+v, %v", v.Name, f, err)
		}
	}
}

// What the guest encodes, it decodes to the same.
func TestVectorsEncode(t *testing.T) {
	for _, v := range readVectors(t) {
		if v.Error != "" {
			continue
		}
		body, _ := base64.StdEncoding.DecodeString(v.Body)
		encoded := append(appendFrameHead(nil, v.Type, v.ID, v.Header, body), body...)
		f, err := newFrameReader(bytes.NewReader(encoded)).next()
		if err != nil || f.kind != v.Type || f.id != v.ID || !bytes.Equal(f.body, body) || !sameJSON(f.header, v.Header) {
			t.Errorf("%s: %+v, %v", v.Name, f, err)
		}
	}
}

// Zeros after a frame torn at any byte bring the reader back to the next whole frame.
func TestTornFramesAreDropped(t *testing.T) {
	whole := appendFrameHead(nil, typeRun, 0x01020304, []byte(`{"session":"main"}`), []byte("echo hello"))
	whole = append(whole, "echo hello"...)
	next := appendFrameHead(nil, typeShutdown, 0, nil, nil)
	for cut := 0; cut < len(whole); cut++ {
		stream := append(append(append([]byte{}, whole[:cut]...), make([]byte, len(whole)-cut+1)...), next...)
		f, err := newFrameReader(bytes.NewReader(stream)).next()
		if err != nil || f.kind != typeShutdown {
			t.Errorf("torn at %d: %+v, %v", cut, f, err)
		}
	}
}

// A stream that ends inside a frame is an end, not a fault.
func TestEndInsideFrame(t *testing.T) {
	whole := appendFrameHead(nil, typeShutdown, 0, []byte("{}"), nil)
	if _, err := newFrameReader(bytes.NewReader(whole[:10])).next(); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
}
