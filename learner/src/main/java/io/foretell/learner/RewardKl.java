package io.foretell.learner;

import io.foretell.domain.Experience;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.Reward;
import io.foretell.domain.ScoredGroup;
import io.foretell.learner.metrics.StepMetrics;
import io.foretell.losses.KlEstimator;
import io.foretell.policy.Policy;
import java.util.ArrayList;
import java.util.List;

/**
 * The divergence from the teacher as part of the reward, as veRL's {@code use_kl_in_reward}:
 *
 * <pre>
 * r_i -= coef sum_t kl(log p_old(t) - log p_ref(t))       over the sampled tokens t of response i
 * </pre>
 *
 * <p>Every token's share is the same for the advantages here, which speak of whole responses: {@code r_t -= coef kl_t} summed
 * over a response. p_old is the policy whose ratio is clipped: the sampler, or the weights at the start of the update where
 * the loss is decoupled. Both are the distribution really sampled from, temperature and forbidden tokens included. The
 * reward that is reported stays without it. Confined to the learner's thread.
 */
final class RewardKl {
    /**
     * What it found in a step.
     *
     * @param groups with the rewards that are trained on
     * @param kl mean over the responses of their mean per token, nats; NaN where there is none
     * @param coefficient it was taken with
     */
    record Found(List<ScoredGroup> groups, double kl, double coefficient) {
        /** By veRL's names; nothing where nothing was taken. */
        void put(StepMetrics row) {
            if (!Double.isNaN(kl)) {
                row.put("actor/reward_kl_penalty", kl).put("actor/reward_kl_penalty_coeff", coefficient);
            }
        }
    }

    private final Policy policy;
    private final boolean isUsed;
    private final KlEstimator estimator;
    private final KlControl control;
    private final boolean decoupled;
    private final int maxTokens;

    RewardKl(Policy policy, LearnerSettings settings, KlControl control) {
        this.policy = policy;
        this.isUsed = settings.kl().useKlInReward();
        this.estimator = settings.kl().inReward();
        this.control = control;
        this.decoupled = !settings.offPolicy().rolloutCorrection().bypassMode();
        this.maxTokens = settings.batch().maxTokensPerMicroBatch();
    }

    /** Groups that nothing was sampled for stay as they are. The coefficient follows what was found. */
    Found apply(List<ScoredGroup> groups) {
        if (!isUsed) {
            return new Found(groups, Double.NaN, Double.NaN);
        }
        List<Experience> responses = new ArrayList<>();
        for (ScoredGroup group : groups) {
            responses.addAll(
                    Experience.policyGradient(group, new double[group.rewards().size()]));
        }
        List<double[]> divergences = divergences(responses);
        double coefficient = control.coefficient();
        List<ScoredGroup> penalized = new ArrayList<>();
        int at = 0;
        for (ScoredGroup group : groups) {
            List<Reward> rewards = new ArrayList<>();
            for (Reward reward : group.rewards()) {
                rewards.add(penalized(reward, coefficient * sum(divergences.get(at++))));
            }
            penalized.add(group.withRewards(rewards));
        }
        double kl = divergences.stream()
                .filter(tokens -> tokens.length > 0)
                .mapToDouble(tokens -> sum(tokens) / tokens.length)
                .average()
                .orElse(Double.NaN);
        control.update(kl, responses.size());
        return new Found(penalized, kl, coefficient);
    }

    /** Of every sampled token of every response. */
    private List<double[]> divergences(List<Experience> responses) {
        double[][] found = new double[responses.size()][];
        for (List<Integer> chosen : MicroBatches.split(responses, maxTokens)) {
            List<Experience> batch = chosen.stream().map(responses::get).toList();
            List<double[]> reference = policy.logProbs(PolicyRole.TEACHER, batch);
            List<double[]> old = decoupled ? policy.logProbs(PolicyRole.LIVE, batch) : sampled(batch);
            for (int i = 0; i < batch.size(); i++) {
                double[] tokens = new double[reference.get(i).length];
                for (int t = 0; t < tokens.length; t++) {
                    tokens[t] = estimator.value(old.get(i)[t] - reference.get(i)[t]);
                }
                found[chosen.get(i)] = tokens;
            }
        }
        return List.of(found);
    }

    private static List<double[]> sampled(List<Experience> batch) {
        List<double[]> logProbs = new ArrayList<>();
        for (Experience experience : batch) {
            int length = experience.tokens().length();
            int from = length - (int) experience.lossMask().sum();
            double[] own = new double[length - from];
            for (int t = from; t < length; t++) {
                own[t - from] = experience.oldLogProbs().at(t);
            }
            logProbs.add(own);
        }
        return logProbs;
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }

    private static Reward penalized(Reward reward, double penalty) {
        if (!reward.isOk()) {
            return reward;
        }
        return Double.isFinite(penalty)
                ? Reward.of(reward.total() - penalty, reward.components())
                : Reward.failed("its divergence from the reference is " + penalty);
    }
}
