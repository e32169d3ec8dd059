"""What the section "Break it" shows of each scenario that has a pathology; one module per scenario, by its name."""
