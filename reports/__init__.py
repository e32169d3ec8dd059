"""How it looks: pages built from stored results, without PyMC."""
