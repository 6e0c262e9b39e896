"""The reference application: the contract-renewal starter, filled in and simulated over ninety days."""
