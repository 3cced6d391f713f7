"""Words for people."""


def by_count(count, one, many):
    """Choose the words that go with a number.

    Languages with more forms than two have the form of many numbers in the second sentence.

    :param count: the number; 1 and its negative are one
    :param str one: translated, for one thing
    :param str many: translated, for none or several things
    :rtype: str
    """
    return one if abs(count) == 1 else many
