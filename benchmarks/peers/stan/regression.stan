data {
  int n;
  int p;
  matrix[n, p] x;
  vector[n] y;
  real intercept_mu;
  real intercept_sigma;
  vector[p] beta_mu;
  vector[p] beta_sigma;
  real sigma_lam;
}
parameters {
  real intercept;
  vector[p] beta;
  real<lower=0> sigma;
}
model {
  intercept ~ normal(intercept_mu, intercept_sigma);
  beta ~ normal(beta_mu, beta_sigma);
  sigma ~ exponential(sigma_lam);
  y ~ normal_id_glm(x, intercept, beta, sigma);
}
