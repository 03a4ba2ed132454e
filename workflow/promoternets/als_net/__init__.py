"""ALS-Net: people classified from the sites of a fold's selected promoters; several seeds as an ensemble."""
