// Drains: what background jobs go on printing after their command's END is read and dropped, so that they neither block nor get a broken pipe.

package main

import (
	"sync"
	"time"
)

const (
	maxDrains   = 16
	drainPause  = 5 * time.Millisecond // between reads: a job that prints without end costs little
	drainBuffer = 64 << 10
)

type drains struct {
	mu   sync.Mutex
	open []*pipeEnd // oldest first
}

// adopt takes over an end whose writers may live on; the oldest is closed when there are too many.
func (d *drains) adopt(end *pipeEnd) {
	if n, err := end.readNow(make([]byte, 1)); n == 0 && err == nil {
		end.close()
		return
	}
	end.file.SetReadDeadline(time.Time{})
	d.mu.Lock()
	d.open = append(d.open, end)
	if len(d.open) > maxDrains {
		d.open[0].close()
		d.open = d.open[1:]
	}
	d.mu.Unlock()
	go d.drain(end)
}

func (d *drains) drain(end *pipeEnd) {
	buffer := make([]byte, drainBuffer)
	for {
		if _, err := end.file.Read(buffer); err != nil {
			break
		}
		time.Sleep(drainPause)
	}
	end.close()
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, open := range d.open {
		if open == end {
			d.open = append(d.open[:i], d.open[i+1:]...)
			return
		}
	}
}
