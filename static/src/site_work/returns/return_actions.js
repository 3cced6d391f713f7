import { _t } from "@web/core/l10n/translation";
import { missing, ungraded } from "./return_effects";

/**
 * What can be done with a return, as buttons at the foot of its page; the one that comes next is
 * marked.
 */
export function returnActions(detail) {
    const { actions } = detail;
    const isLeft = detail.lines.some(missing);
    const toGrade = ungraded(detail).length;
    const canDone = actions.done && detail.items.length > 0;
    const all = [
        {
            key: "all",
            label: _t("All here"),
            icon: "fa-check-square-o",
            isOffered: actions.item && isLeft,
            isNext: !detail.items.length,
            run: (page) => page.receiveAll(),
        },
        {
            key: "other",
            label: _t("Other goods"),
            icon: "fa-plus",
            isOffered: actions.item,
            run: (page) => page.openOther(),
        },
        {
            key: "match",
            label: _t("Which order?"),
            icon: "fa-search",
            isOffered: actions.match,
            isNext: detail.items.length > 0,
            run: (page) => page.openMatch(),
        },
        {
            key: "grade",
            label: _t("Grade"),
            icon: "fa-star-half-o",
            isOffered: actions.grade && toGrade > 0,
            isNext: !isLeft,
            run: (page) => page.gradeNext(),
        },
        {
            key: "done",
            label: _t("Done"),
            icon: "fa-check",
            isOffered: canDone,
            isNext: !toGrade,
            run: (page) => page.openDone(),
        },
    ];
    const offered = all.filter((action) => action.isOffered);
    const next = offered.find((action) => action.isNext);
    return offered.map((action) => ({ ...action, isPrimary: action === next }));
}
