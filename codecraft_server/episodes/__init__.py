"""The rules of an episode: what may follow what, leases, deadlines, exactly-once. Owns every sandbox. Knows nothing of gRPC or Docker."""
