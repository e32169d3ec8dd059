"""What Threefold costs, beside what a user would take instead."""
