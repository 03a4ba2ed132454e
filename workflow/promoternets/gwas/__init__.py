"""GWAS: which sites are associated with the phenotype among the training people of a fold, and the best of them."""
