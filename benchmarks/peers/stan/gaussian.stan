data {
  int n;
  vector[n] y;
  real mu_mu;
  real mu_sigma;
  real sigma_lam;
}
parameters {
  real mu;
  real<lower=0> sigma;
}
model {
  mu ~ normal(mu_mu, mu_sigma);
  sigma ~ exponential(sigma_lam);
  y ~ normal(mu, sigma);
}
