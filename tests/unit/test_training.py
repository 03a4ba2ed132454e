"""The ensemble trainer: members are independent, stop by themselves, and survive an interruption."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from promoternets.errors import InputError
from promoternets.networks.encoding import Encoder
from promoternets.networks.promoter_cnn import PromoterCNN
from promoternets.training import ensemble
from promoternets.training.device import choose_device
from promoternets.training.ensemble import Task, centred_offset, train_ensemble
from promoternets.training.measures import area_standard_error, area_under_roc, balanced_accuracy, within_strata
from promoternets.training.settings import TrainingSettings

CPU = torch.device("cpu")
PEOPLE, SITES = 96, 12


@pytest.fixture(scope="module")
def cohort():
    generator = np.random.default_rng(3)
    genotypes = generator.integers(-1, 3, size=(100, PEOPLE, SITES)).astype(np.int8)
    labels = np.tile([0, 1], PEOPLE // 2)
    genotypes[7, :, 3] = labels * 2  # member 7 sees the answer
    return torch.from_numpy(genotypes), torch.from_numpy(labels)[None]


def task_of(cohort, members, seeds=None):
    genotypes, labels = cohort
    return Task(
        build=lambda: PromoterCNN(4, SITES),
        seeds=[1000 + member for member in members] if seeds is None else seeds,
        inputs=lambda rows: genotypes[[members[row] for row in rows]],
        encode=Encoder("one_hot"),
        labels=labels,
        training=np.arange(64),
        validation=np.arange(64, PEOPLE),
    )


SETTINGS = TrainingSettings(optimiser="sgd", learning_rate=0.05, epochs=6, patience=2, batch_size=16)


def same(a, b):
    return a.best_epoch == b.best_epoch and np.array_equal(a.validation_scores, b.validation_scores)


@pytest.mark.parametrize("optimiser", ["sgd", "adagrad", "adamw"])
def test_a_member_is_the_same_alone_and_in_an_ensemble_of_100(cohort, optimiser):
    """Tolerance: 0.03 in log-odds after training (Adagrad; the others 0.002), which moves no AUC here by over 0.01."""
    settings = SETTINGS.changed(optimiser=optimiser, learning_rate=0.01)
    many = train_ensemble(task_of(cohort, list(range(100))), settings, device=CPU, members_at_once=100)
    assert len({len(member.history) for member in many}) > 1, "members stop at different times, else nothing is tested"
    for index in (7, 50, 99):
        alone = train_ensemble(task_of(cohort, [index]), settings, device=CPU, members_at_once=1)[0]
        assert alone.best_epoch == many[index].best_epoch
        np.testing.assert_allclose(many[index].validation_scores, alone.validation_scores, atol=0.03)
        assert many[index].history[-1][3] == pytest.approx(alone.history[-1][3], abs=0.01)


def test_the_same_stack_gives_the_same_result_bit_for_bit(cohort):
    twice = [train_ensemble(task_of(cohort, [3, 7, 50]), SETTINGS, device=CPU, members_at_once=3) for _ in range(2)]
    assert all(same(a, b) for a, b in zip(*twice, strict=True))


def test_a_planted_answer_is_learnt_and_noise_is_not(cohort):
    settings = SETTINGS.changed(optimiser="adamw", learning_rate=0.003, epochs=15, patience=5)
    members = train_ensemble(task_of(cohort, [5, 6, 7, 8]), settings, device=CPU, members_at_once=4)
    labels = cohort[1][0, 64:].numpy()
    areas = [roc_auc_score(labels, member.validation_scores) for member in members]
    assert areas[2] > 0.95 and max(areas[:2] + areas[3:]) < 0.8


def test_the_loop_learns_what_a_plain_pytorch_loop_learns(cohort):
    genotypes, labels = cohort
    settings = TrainingSettings(optimiser="sgd", learning_rate=0.05, epochs=1, patience=None, batch_size=64)
    trained = train_ensemble(task_of(cohort, [7]), settings, device=CPU, members_at_once=1)[0]
    torch.manual_seed(1007)
    network = PromoterCNN(4, SITES)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05)
    x = Encoder("one_hot")(genotypes[7, :64])
    loss = torch.nn.functional.cross_entropy(network(x), labels[0, :64])
    loss.backward()
    optimiser.step()
    for name, value in network.named_parameters():
        torch.testing.assert_close(trained.weights[name], value.detach(), atol=1e-5, rtol=1e-4)


def test_class_weights_make_both_classes_count_the_same():
    genotypes = torch.from_numpy(np.random.default_rng(5).integers(0, 3, (2, 400, SITES)).astype(np.int8))
    labels = torch.tensor([1, 0, 0, 0, 0] * 80)[None]
    task = Task(lambda: PromoterCNN(4, SITES), [1, 2], lambda rows: genotypes[rows], Encoder("one_hot"), labels,
                np.arange(200), np.arange(200, 400))  # fmt: skip
    mean = {}
    for weighted in (True, False):
        settings = TrainingSettings("sgd", 0.02, epochs=8, patience=None, class_weights=weighted)
        members = train_ensemble(task, settings, device=CPU, members_at_once=2)
        mean[weighted] = np.mean([member.validation_scores for member in members])
    assert abs(mean[True]) < 0.3 and mean[False] < -0.8


@pytest.mark.parametrize("stop_after", [1, 3, 4])
def test_training_resumes_where_it_was_killed_and_ends_the_same(cohort, tmp_path, monkeypatch, stop_after):
    monkeypatch.setattr(ensemble, "SHARE_FOR_CHECKPOINTS", float("inf"))
    settings = SETTINGS.changed(optimiser="adamw", learning_rate=0.01)
    undisturbed = train_ensemble(task_of(cohort, [5, 7, 9, 11]), settings, device=CPU, members_at_once=2)
    checkpoint = tmp_path / "c.safetensors"
    epochs = []
    whole = ensemble._Stack.run_epoch

    def killed(stack):
        if len(epochs) == stop_after:
            raise KeyboardInterrupt
        epochs.append(1)
        whole(stack)

    with monkeypatch.context() as patch:
        patch.setattr(ensemble._Stack, "run_epoch", killed)
        with pytest.raises(KeyboardInterrupt):
            train_ensemble(
                task_of(cohort, [5, 7, 9, 11]), settings, device=CPU, members_at_once=2, checkpoint=checkpoint
            )
    assert checkpoint.is_file()
    counted = []
    monkeypatch.setattr(ensemble._Stack, "run_epoch", lambda stack: (counted.append(1), whole(stack)))
    resumed = train_ensemble(
        task_of(cohort, [5, 7, 9, 11]), settings, device=CPU, members_at_once=2, checkpoint=checkpoint
    )
    total = sum(max(len(undisturbed[a].history), len(undisturbed[a + 1].history)) for a in (0, 2))
    assert len(counted) == total - stop_after, "only what was not done is done again"
    assert all(same(a, b) and a.history == b.history for a, b in zip(undisturbed, resumed, strict=True))
    counted.clear()
    finished = train_ensemble(
        task_of(cohort, [5, 7, 9, 11]), settings, device=CPU, members_at_once=2, checkpoint=checkpoint
    )
    assert not counted, "what is finished is not trained again while its results are not safe"
    assert all(same(a, b) and a.history == b.history for a, b in zip(undisturbed, finished, strict=True))


def test_a_checkpoint_of_another_run_or_a_torn_one_is_not_used(cohort, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(ensemble, "SHARE_FOR_CHECKPOINTS", float("inf"))
    checkpoint = tmp_path / "c.safetensors"
    checkpoint.write_bytes(b"torn")
    settings = SETTINGS.changed(epochs=1)
    members = train_ensemble(task_of(cohort, [1, 2]), settings, device=CPU, members_at_once=2, checkpoint=checkpoint)
    assert len(members) == 2 and "cannot be read" in caplog.text


def test_overlapping_parts_and_a_part_with_one_class_are_refused(cohort):
    genotypes, labels = cohort
    base = dict(
        build=lambda: PromoterCNN(4, SITES), seeds=[1], inputs=lambda rows: genotypes[rows], encode=Encoder("one_hot")
    )
    with pytest.raises(ValueError, match="both"):
        Task(**base, labels=labels, training=np.arange(10), validation=np.arange(9, 20))
    with pytest.raises(InputError, match="both cases and controls"):
        Task(**base, labels=labels, training=np.arange(10), validation=np.array([20, 22]))


def test_a_gpu_that_is_asked_for_and_not_there_is_an_error():
    if torch.cuda.is_available():
        assert choose_device(1).type == "cuda"
    else:
        with pytest.raises(InputError, match="no CUDA device.*gpu: 0"):
            choose_device(1)
    assert choose_device(0).type == "cpu"


def test_areas_equal_scikit_learn_with_ties():
    generator = np.random.default_rng(1)
    scores = generator.integers(0, 6, size=(5, 60)).astype(float)
    labels = generator.integers(0, 2, size=(5, 60))
    areas = area_under_roc(torch.from_numpy(scores), torch.from_numpy(labels))
    assert np.allclose(areas, [roc_auc_score(y, s) for y, s in zip(labels, scores, strict=True)])


def test_standard_error_of_an_area_is_the_spread_over_repeated_cohorts():
    generator = np.random.default_rng(2)
    labels = torch.tensor([1] * 60 + [0] * 90).expand(2000, -1)
    scores = torch.from_numpy(generator.normal(size=(2000, 150))) + 0.6 * labels
    areas = area_under_roc(scores, labels)
    assert area_standard_error(areas.mean().item(), 60, 90) == pytest.approx(areas.std().item(), rel=0.1)


def test_balanced_accuracy_of_saying_control_to_all_is_a_half():
    labels = torch.tensor([[0, 0, 0, 1]])
    assert balanced_accuracy(torch.full((1, 4), -1.0), labels).item() == 0.5


@pytest.fixture(scope="module")
def confounded():
    """People whose label depends on a batch and a little on site 1; site 0 tells the batch and nothing else."""
    generator = np.random.default_rng(8)
    batch = generator.integers(0, 2, 3000)
    sites = np.stack([np.where(generator.random(3000) < 0.8, 2 * batch, 1), generator.integers(0, 3, 3000)], axis=1)
    log_odds = 4 * (batch - 0.5)
    labels = (generator.random(3000) < 1 / (1 + np.exp(-log_odds - 0.7 * (sites[:, 1] - 1)))).astype(np.int64)
    return sites.astype(np.float32), log_odds, labels


def learned(confounded, log_odds):
    sites, _, labels = confounded
    settings = TrainingSettings(learning_rate=0.02, epochs=30, patience=None, batch_size=100, keep="last")
    task = Task(
        build=lambda: torch.nn.Linear(2, 2),
        seeds=[1],
        inputs=lambda rows: torch.from_numpy(sites)[None],
        encode=lambda stored: stored,
        labels=torch.from_numpy(labels)[None],
        training=np.arange(2000),
        validation=np.arange(2000, 3000),
        offset=centred_offset(log_odds, labels[:2000], settings),
    )
    member = train_ensemble(task, settings, device=CPU, members_at_once=1)[0]
    weights = member.weights["weight"][1] - member.weights["weight"][0]
    return weights.numpy(), member


def test_a_network_on_top_of_an_offset_learns_what_the_offset_does_not_say(confounded):
    plain, _ = learned(confounded, None)
    told, _ = learned(confounded, confounded[1])
    assert plain[0] > 1.0
    assert abs(told[0]) < 0.25, "site 0 tells nothing beside the batch"
    assert told[1] == pytest.approx(0.7, abs=0.2)


def test_the_scores_are_the_networks_own_without_the_offset(confounded):
    weights, member = learned(confounded, confounded[1])
    own = confounded[0][2000:] @ weights
    assert np.corrcoef(member.validation_scores, own)[0, 1] > 0.9999


def test_an_offset_is_part_of_what_a_checkpoint_belongs_to(cohort):
    task = task_of(cohort, [1])
    before = ensemble._fingerprint(task, SETTINGS, True, 1)
    task.offset = torch.ones(PEOPLE)
    assert ensemble._fingerprint(task, SETTINGS, True, 1) != before


def test_an_auc_within_strata_is_that_of_pairs_of_the_same_stratum():
    generator = np.random.default_rng(4)
    score, label, stratum = generator.random(60), generator.integers(0, 2, 60), generator.integers(0, 3, 60)
    right = pairs = 0.0
    for case in np.flatnonzero(label == 1):
        for control in np.flatnonzero((label == 0) & (stratum == stratum[case])):
            right += score[case] > score[control]
            pairs += 1
    found = within_strata(*(torch.from_numpy(values)[None] for values in (score, label)), torch.from_numpy(stratum))
    assert found.item() == pytest.approx(right / pairs)
    assert within_strata(*(torch.from_numpy(v)[None] for v in (score, label)), torch.from_numpy(label)).isnan().all()


@pytest.fixture(scope="module")
def begun(cohort):
    """The weights of two members after a short training."""
    settings = SETTINGS.changed(optimiser="adamw", learning_rate=0.003, epochs=3)
    members = train_ensemble(task_of(cohort, [7, 50]), settings, device=CPU, members_at_once=2)
    return [member.weights for member in members]


def test_members_go_on_from_given_weights_which_stand_as_epoch_0(cohort, begun):
    task = replace(task_of(cohort, [7, 50]), start=begun)
    settings = SETTINGS.changed(optimiser="adamw", learning_rate=0.003, epochs=4, patience=4)
    members = train_ensemble(task, settings, device=CPU, members_at_once=2)
    fresh = train_ensemble(task_of(cohort, [7]), settings, device=CPU, members_at_once=1)[0]
    assert [row[0] for row in members[0].history] == [0, 1, 2, 3, 4]
    assert members[0].history[0][2] < fresh.history[0][2]
    for member in members:
        kept = min(member.history, key=lambda row: row[2])
        assert member.best_epoch == kept[0]


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_member_that_no_epoch_betters_keeps_the_weights_it_came_with(cohort, begun, at_once):
    task = replace(task_of(cohort, [7, 50]), start=begun)
    for member, before in zip(
        train_ensemble(task, SETTINGS.changed(learning_rate=300.0, clip_norm=1.0), device=CPU, members_at_once=at_once),
        begun,
        strict=True,
    ):
        assert member.best_epoch == 0 and len(member.history) == 1 + SETTINGS.patience
        assert all(torch.equal(member.weights[name], value) for name, value in before.items())
        network = PromoterCNN(4, SITES)
        network.load_state_dict(before)
        logits = network.eval()(Encoder("one_hot")(cohort[0][[7, 50][member.index], 64:])).detach()
        np.testing.assert_allclose(member.validation_scores, logits[:, 1] - logits[:, 0], atol=1e-4)


def test_layers_that_do_not_learn_stay_as_they_are(cohort, begun):
    last = [name for name in begun[0] if name.endswith("weight")][-1].rsplit(".", 1)[0] + "."
    task = replace(task_of(cohort, [7, 50]), start=begun, learning=(last,))
    settings = SETTINGS.changed(optimiser="adamw", learning_rate=0.01, weight_decay=0.1, keep="last", epochs=3)
    members = train_ensemble(task, settings, device=CPU, members_at_once=2)
    for member, before in zip(members, begun, strict=True):
        changed = {name for name, value in before.items() if not torch.equal(member.weights[name], value)}
        assert changed == {name for name in before if name.startswith(last)}


def test_what_is_gone_on_from_is_part_of_what_a_checkpoint_belongs_to(cohort, begun):
    task = task_of(cohort, [7, 50])
    tasks = [task, replace(task, start=begun), replace(task, start=begun[::-1]), replace(task, learning=("dense",))]
    assert len({ensemble._fingerprint(one, SETTINGS, True, 2) for one in tasks}) == 4
    with pytest.raises(ValueError, match="2 members, but 1 to start from"):
        replace(task, start=begun[:1])


def test_fine_tuning_resumes_where_it_was_killed(cohort, begun, tmp_path, monkeypatch):
    monkeypatch.setattr(ensemble, "SHARE_FOR_CHECKPOINTS", float("inf"))
    last = [name for name in begun[0] if name.endswith("weight")][-1].rsplit(".", 1)[0] + "."
    task = replace(task_of(cohort, [7, 50]), start=begun, learning=(last,))
    settings = SETTINGS.changed(optimiser="adamw", learning_rate=0.01)
    undisturbed = train_ensemble(task, settings, device=CPU, members_at_once=2)
    run_epoch, epochs = ensemble._Stack.run_epoch, []

    def killed(stack):
        epochs.append(stack.epoch)
        if len(epochs) == 3:
            raise KeyboardInterrupt
        run_epoch(stack)

    monkeypatch.setattr(ensemble._Stack, "run_epoch", killed)
    with pytest.raises(KeyboardInterrupt):
        train_ensemble(task, settings, device=CPU, members_at_once=2, checkpoint=tmp_path / "c")
    resumed = train_ensemble(task, settings, device=CPU, members_at_once=2, checkpoint=tmp_path / "c")
    assert epochs[3] == 2
    assert all(same(a, b) and a.history == b.history for a, b in zip(undisturbed, resumed, strict=True))


def test_too_little_memory_of_a_gpu_is_one_clear_error(cohort, monkeypatch):
    def exhausted(stack):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(ensemble._Stack, "run_epoch", exhausted)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2**29, 2**33))
    with pytest.raises(InputError, match="does not hold 2 networks side by side: 0.5 of its 8.0 GiB.*memory_mb"):
        train_ensemble(task_of(cohort, [1, 2]), SETTINGS, device=CPU, members_at_once=2)
