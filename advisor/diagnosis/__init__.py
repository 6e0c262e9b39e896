"""Finds out what fails: judges outcomes by section 5.4, follows reliability, maps reports in prose to the catalog."""
