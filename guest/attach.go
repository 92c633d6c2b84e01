// Attaching again: SYNC, then what every command still has to say, so that a new server knows as much as the rings hold.

package main

// synchronise holds all commands still while it looks, so that no output comes between its state and its ring.
func (g *guest) synchronise(h *attachHeader, all []*command) {
	sync := syncHeader{Nonce: h.Nonce, Epoch: h.Epoch, Commands: []syncCommand{}}
	var boxes []*outbox
	for _, c := range all {
		c.mu.Lock()
		defer c.mu.Unlock()
		sync.Commands = append(sync.Commands, c.progress())
		boxes = append(boxes, c.out)
	}
	g.writer.synchronise(sync, boxes)
}
