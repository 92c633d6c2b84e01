import stats


def test_lists_stay_as_they_are():
    """No function changes the list that it is given."""
    for function in (stats.mean, stats.median, stats.modes, stats.trimmed_mean):
        values = [3, 1, 2, 3, 0]
        function(values)
        assert values == [3, 1, 2, 3, 0], function.__name__


def test_tuples():
    """Tuples are as good as lists."""
    values = (4, 1, 4, 3)
    assert stats.mean(values) == 3
    assert stats.median(values) == 3.5
    assert stats.modes(values) == [4]
    assert stats.trimmed_mean(values) == 3.5


def test_two_calls_know_nothing_of_each_other():
    """A second call starts anew."""
    assert stats.modes([1, 1]) == [1]
    assert stats.modes([2]) == [2]
    assert stats.trimmed_mean([0, 6, 90], 1) == 6
    assert stats.trimmed_mean([0, 6, 90]) == 6
