"""From a cohort's VCF or BCF files to a matrix of genotypes, and to the people it has a phenotype of."""
