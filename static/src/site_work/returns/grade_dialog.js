import { Component, onWillStart, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { QuantityStepper } from "../quantity_stepper";
import { useScanHandler } from "../scan_handler";
import { productName, quantity } from "../words";
import { readPhoto } from "./photo";
import { gradeOf } from "./return_effects";
import { gradeColor } from "./return_words";

/** In what state goods are: the check list makes the grade, and the grade says where they go. */
export class GradeDialog extends Component {
    static template = "oms.SiteWorkGradeDialog";
    static components = { Dialog, QuantityStepper };
    static props = {
        model: Object,
        detail: Object,
        item: Object,
        confirm: Function,
        close: Function,
    };

    setup() {
        const { item } = this.props;
        Object.assign(this, { gradeColor, productName, quantity });
        this.state = useState({
            quantity: item.quantity,
            answers: { ...(item.answers || {}) },
            gradeId: item.grade?.id || 0,
            isChosen: !!item.grade,
            disposition: item.disposition_key || "",
            note: item.note || "",
            isAccepted: item.accepted !== false,
            photos: [],
            proposal: null,
            isAsking: false,
        });
        // What is scanned now would be counted behind the dialog, unseen.
        useScanHandler(this.props.model, () =>
            this.props.model.say("warning", _t("Grade this first, then scan on."))
        );
        onWillStart(() => {
            if (item.grade) {
                this.askWhere();
            }
        });
    }

    get checks() {
        const { detail, item } = this.props;
        return detail.checks.filter(
            ({ product_ids }) => !product_ids || product_ids.includes(item.product.id)
        );
    }

    get grade() {
        return this.props.detail.grades.find((grade) => grade.id === this.state.gradeId);
    }

    /** Goods of nobody's order are paid back to nobody. */
    get isOther() {
        const { detail, item } = this.props;
        return !!detail.lines.find((line) => line.key === item.line_key)?.is_other;
    }

    get isPart() {
        return this.state.quantity < this.props.item.quantity;
    }

    isWrong(check) {
        const answer = this.state.answers[check.id];
        return !!answer && answer !== check.good_answer;
    }

    get needsPhoto() {
        const isSeen = this.state.photos.length || this.props.item.photos?.length;
        return !isSeen && this.checks.some((check) => check.needs_photo && this.isWrong(check));
    }

    get canConfirm() {
        return !!this.grade && !this.needsPhoto;
    }

    answer(check, value) {
        this.state.answers[check.id] = value;
        this.follow();
    }

    answerGood() {
        for (const check of this.checks) {
            this.state.answers[check.id] = check.good_answer;
        }
        this.follow();
    }

    /** The grade follows from the answers, until somebody chooses another. */
    follow() {
        const grade = gradeOf(this.props.detail.grades, this.checks, this.state.answers);
        if (grade && !this.state.isChosen && grade.id !== this.state.gradeId) {
            this.state.gradeId = grade.id;
            this.askWhere();
        }
    }

    choose(grade) {
        this.state.isChosen = true;
        this.state.gradeId = grade.id;
        this.askWhere();
    }

    /** Where goods of this grade are worth most: for whoever wants to know before it is done. */
    async askWhere() {
        const { gradeId } = this.state;
        this.state.isAsking = true;
        const { detail, item, model } = this.props;
        const proposal = await model.returns.propose(detail, item, gradeId, this.state.quantity);
        if (gradeId === this.state.gradeId) {
            this.state.isAsking = false;
            this.state.proposal = proposal;
            const isOffered = proposal?.options.some(({ key }) => key === this.state.disposition);
            this.state.disposition = isOffered ? this.state.disposition : "";
        }
    }

    get option() {
        const { disposition, proposal } = this.state;
        const key = disposition || proposal?.key;
        return proposal?.options.find((option) => option.key === key);
    }

    async addPhoto(ev) {
        try {
            for (const file of ev.target.files) {
                this.state.photos.push(await readPhoto(file));
            }
        } catch {
            this.props.model.say("error", _t("This picture cannot be read: take another one."));
        }
        ev.target.value = "";
    }

    removePhoto(index) {
        this.state.photos.splice(index, 1);
    }

    confirm() {
        const { answers, disposition, gradeId, note, photos } = this.state;
        this.props.confirm({
            grade_id: gradeId,
            quantity: this.state.quantity,
            answers: { ...answers },
            accepted: this.state.isAccepted,
            ...(disposition && { disposition }),
            ...(note.trim() && { note: note.trim() }),
            ...(photos.length && { photos: [...photos] }),
        });
        this.props.close();
    }
}
