data {
  int n;
  int p;
  matrix[n, p] x;
  array[n] int y;
  real intercept_mu;
  real intercept_sigma;
  vector[p] beta_mu;
  vector[p] beta_sigma;
}
parameters {
  real intercept;
  vector[p] beta;
}
model {
  intercept ~ normal(intercept_mu, intercept_sigma);
  beta ~ normal(beta_mu, beta_sigma);
  y ~ bernoulli_logit_glm(x, intercept, beta);
}
