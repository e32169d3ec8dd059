"""The words of each scenario, one file of one shape for each (`reports.lesson`); `generic` for all others."""
