"""What a user would take instead: one script per peer, each with the contract of `benchmarks.peers.contract`."""
