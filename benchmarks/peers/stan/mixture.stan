// Two variables; the labels are summed out.
data {
  int n;
  int k;
  array[n] vector[2] y;
  vector[k] weight_a;
  vector[2] mu_mu;
  vector[2] mu_sigma;
  vector[2] sigma_mu;
  real sigma_sigma;
  real fisher_z_mu;
  real fisher_z_sigma;
}
parameters {
  simplex[k] weight;
  array[k] vector[2] mu;
  array[k] vector<lower=0>[2] sigma;
  vector[k] fisher_z;
}
transformed parameters {
  vector[k] rho = tanh(fisher_z);
}
model {
  // The second variable given the first is a regression: no matrix is ever factorised.
  vector[k] log_weight = log(weight);
  vector[k] slope;
  vector[k] remaining;
  weight ~ dirichlet(weight_a);
  fisher_z ~ normal(fisher_z_mu, fisher_z_sigma);
  for (j in 1:k) {
    mu[j] ~ normal(mu_mu, mu_sigma);
    sigma[j] ~ lognormal(sigma_mu, sigma_sigma);
    slope[j] = rho[j] * sigma[j][2] / sigma[j][1];
    remaining[j] = sigma[j][2] * sqrt(1 - square(rho[j]));
  }
  for (i in 1:n) {
    vector[k] terms = log_weight;
    for (j in 1:k) {
      terms[j] += normal_lpdf(y[i][1] | mu[j][1], sigma[j][1])
                  + normal_lpdf(y[i][2] | mu[j][2] + slope[j] * (y[i][1] - mu[j][1]), remaining[j]);
    }
    target += log_sum_exp(terms);
  }
}
