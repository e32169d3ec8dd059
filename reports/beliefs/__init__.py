"""What is often believed, and what is true of a fit: the pairs that lessons choose from (`reports.lesson.Pair`)."""
