FROM condaforge/miniforge3:latest
LABEL io.github.snakemake.containerized="true"
LABEL io.github.snakemake.conda_env_hash="19d76febed3ebf701000496d5bd3f844c5a859126ad0b727e2ac081e8a7d5342"
# Conda environment:
#   source: envs/baselines.yaml
#   prefix: /conda-envs/2d0ee0c0a411d78f0b506af091188df3
#   # Folds, baselines and their evaluation.
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - python=3.12
#     - joblib=1.6
#     - numcodecs=0.16
#     - numpy=2.4
#     - pandas=3.1
#     - scikit-learn=1.9
#     - scipy=1.17
#     - threadpoolctl=3.8
#     - tqdm=4.70
#     - zarr=3.1
RUN mkdir -p /conda-envs/2d0ee0c0a411d78f0b506af091188df3
COPY envs/baselines.yaml /conda-envs/2d0ee0c0a411d78f0b506af091188df3/environment.yaml
# Conda environment:
#   source: envs/genotypes.yaml
#   prefix: /conda-envs/dcbc61345c00412d260b30f02df46ab9
#   # Reading VCF, BCF and PLINK filesets into Zarr. pgenlib is of bioconda.
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - python=3.12
#     - cyvcf2=0.35
#     - numcodecs=0.16
#     - numpy=2.4
#     - pandas=3.1
#     - pgenlib=0.94
#     - scipy=1.17
#     - tqdm=4.70
#     - zarr=3.1
RUN mkdir -p /conda-envs/dcbc61345c00412d260b30f02df46ab9
COPY envs/genotypes.yaml /conda-envs/dcbc61345c00412d260b30f02df46ab9/environment.yaml
# Conda environment:
#   source: envs/report.yaml
#   prefix: /conda-envs/a4dc56cab6b4c3532bfd9e077ad85644
#   # The report and its figures.
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - python=3.12
#     - jinja2=3.1
#     - markupsafe=3.0
#     - matplotlib-base=3.11
#     - numpy=2.4
#     - pandas=3.1
#     - scipy=1.17
#     - tqdm=4.70
RUN mkdir -p /conda-envs/a4dc56cab6b4c3532bfd9e077ad85644
COPY envs/report.yaml /conda-envs/a4dc56cab6b4c3532bfd9e077ad85644/environment.yaml
# Conda environment:
#   source: envs/reruns.yaml
#   prefix: /conda-envs/d29b80001c2e4a1497d4239364738248
#   # Selection and training once more: networks and baselines in one job. For GPUs see torch.yaml.
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - python=3.12
#     - joblib=1.6
#     - numcodecs=0.16
#     - numpy=2.4
#     - pandas=3.1
#     - pytorch=2.13
#     - safetensors=0.8
#     - scikit-learn=1.9
#     - scipy=1.17
#     - threadpoolctl=3.8
#     - tqdm=4.70
#     - zarr=3.1
RUN mkdir -p /conda-envs/d29b80001c2e4a1497d4239364738248
COPY envs/reruns.yaml /conda-envs/d29b80001c2e4a1497d4239364738248/environment.yaml
# Conda environment:
#   source: envs/signal.yaml
#   prefix: /conda-envs/ba86cfbac9651be6ca734cbf2d9c5c7f
#   # Reading histone marks from bigWig and BAM.
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - python=3.12
#     - numcodecs=0.16
#     - numpy=2.4
#     - pandas=3.1
#     - pysam=0.24
#     - tqdm=4.70
#     - zarr=3.1
RUN mkdir -p /conda-envs/ba86cfbac9651be6ca734cbf2d9c5c7f
COPY envs/signal.yaml /conda-envs/ba86cfbac9651be6ca734cbf2d9c5c7f/environment.yaml
# Conda environment:
#   source: envs/simulation.yaml
#   prefix: /conda-envs/21449f4b3ddc913e9df3fc124143b411
#   # Simulated cohorts: coalescent haplotypes, phenotypes, indexed VCF.
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - python=3.12
#     - msprime=1.4
#     - numpy=2.4
#     - pandas=3.1
#     - pybigwig=0.3
#     - pysam=0.24
#     - tqdm=4.70
#     - tskit=1.0
RUN mkdir -p /conda-envs/21449f4b3ddc913e9df3fc124143b411
COPY envs/simulation.yaml /conda-envs/21449f4b3ddc913e9df3fc124143b411/environment.yaml
# Conda environment:
#   source: envs/tables.yaml
#   prefix: /conda-envs/6f2e053825228e11028467614b7bf292
#   # Work on tables and Zarr stores, without a model.
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - python=3.12
#     - numcodecs=0.16
#     - numpy=2.4
#     - pandas=3.1
#     - tqdm=4.70
#     - zarr=3.1
RUN mkdir -p /conda-envs/6f2e053825228e11028467614b7bf292
COPY envs/tables.yaml /conda-envs/6f2e053825228e11028467614b7bf292/environment.yaml
# Conda environment:
#   source: envs/torch.yaml
#   prefix: /conda-envs/f4e5410e42c131396e532469b9734e76
#   # Networks. For GPUs make the environments with: CONDA_OVERRIDE_CUDA=12.8 snakemake --sdm conda --conda-create-envs-only
#   # (the solver takes the CPU build on a machine without a GPU, such as a login node; a job that was given a GPU
#   # and finds a CPU build stops and says so).
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - python=3.12
#     - captum=0.9
#     - numcodecs=0.16
#     - numpy=2.4
#     - pandas=3.1
#     - pytorch=2.13
#     - safetensors=0.8
#     - scikit-learn=1.9
#     - scipy=1.17
#     - tqdm=4.70
#     - zarr=3.1
RUN mkdir -p /conda-envs/f4e5410e42c131396e532469b9734e76
COPY envs/torch.yaml /conda-envs/f4e5410e42c131396e532469b9734e76/environment.yaml

RUN conda env create --prefix /conda-envs/2d0ee0c0a411d78f0b506af091188df3 --file /conda-envs/2d0ee0c0a411d78f0b506af091188df3/environment.yaml && \
    conda env create --prefix /conda-envs/dcbc61345c00412d260b30f02df46ab9 --file /conda-envs/dcbc61345c00412d260b30f02df46ab9/environment.yaml && \
    conda env create --prefix /conda-envs/a4dc56cab6b4c3532bfd9e077ad85644 --file /conda-envs/a4dc56cab6b4c3532bfd9e077ad85644/environment.yaml && \
    conda env create --prefix /conda-envs/d29b80001c2e4a1497d4239364738248 --file /conda-envs/d29b80001c2e4a1497d4239364738248/environment.yaml && \
    conda env create --prefix /conda-envs/ba86cfbac9651be6ca734cbf2d9c5c7f --file /conda-envs/ba86cfbac9651be6ca734cbf2d9c5c7f/environment.yaml && \
    conda env create --prefix /conda-envs/21449f4b3ddc913e9df3fc124143b411 --file /conda-envs/21449f4b3ddc913e9df3fc124143b411/environment.yaml && \
    conda env create --prefix /conda-envs/6f2e053825228e11028467614b7bf292 --file /conda-envs/6f2e053825228e11028467614b7bf292/environment.yaml && \
    conda env create --prefix /conda-envs/f4e5410e42c131396e532469b9734e76 --file /conda-envs/f4e5410e42c131396e532469b9734e76/environment.yaml && \
    conda clean --all -y
