"""Names of the models that see confounders alone, from the fewest confounders to the most."""

CONFOUNDERS = ("covariates", "covariates_pcs")
