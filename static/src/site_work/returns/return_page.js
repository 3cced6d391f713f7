import { Component, onWillRender, useEffect, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { LotDialog } from "../lot_dialog";
import { usePullToRefresh } from "../pull_to_refresh";
import { ScanBar } from "../scan_bar";
import { useScanHandler } from "../scan_handler";
import { moment, productName, quantity } from "../words";
import { DoneDialog } from "./done_dialog";
import { GradeDialog } from "./grade_dialog";
import { MatchDialog } from "./match_dialog";
import { OtherGoodsDialog } from "./other_goods_dialog";
import { returnActions } from "./return_actions";
import {
    itemValues,
    itemsOf,
    lineValues,
    missing,
    remaining,
    resolveReturnScan,
    ungraded,
} from "./return_effects";
import { ReturnHeader } from "./return_header";
import { ReturnLine } from "./return_line";

/** A good answer adds nothing to what the screen said at once. */
const QUIET = { quiet: true };

/** One return at the site: what came of it, and in what state. */
export class ReturnPage extends Component {
    static template = "oms.SiteWorkReturnPage";
    static components = { ReturnHeader, ReturnLine, ScanBar };
    static props = { model: Object, subject: String };

    setup() {
        this.dialog = useService("dialog");
        this.model = useState(this.props.model);
        this.state = useState({ key: "", pulled: 0 });
        this.onScan = this.onScan.bind(this);
        this.moment = moment;
        this.body = useRef("body");
        usePullToRefresh(
            this.body,
            () => this.model.refresh(),
            (pixels) => (this.state.pulled = pixels)
        );
        onWillRender(() => {
            this.detail = this.model.returns.get(this.props.subject);
            this.actions = this.detail ? returnActions(this.detail) : [];
        });
        useScanHandler(this.model, this.onScan);
        useEffect(
            (isThere) => {
                if (isThere && this.model.scannedCode) {
                    this.takeScannedCode();
                }
            },
            () => [!!this.detail]
        );
    }

    /** What was announced or came; of what came without a word all that it may be. */
    get lines() {
        const { lines, origin } = this.detail;
        return lines.filter(
            (line) =>
                line.announced || line.received || (origin === "blind" && (line.max || line.why_not))
        );
    }

    /** What else the customer has of the order. */
    get otherLines() {
        const shown = new Set(this.lines);
        return this.detail.lines.filter((line) => line.max > 0 && !shown.has(line));
    }

    get pendingCount() {
        return this.model.pendingOf(this.props.subject).length;
    }

    /** Does something with the return, see `SiteWorkModel.operate`. */
    operate(kind, values, options) {
        return this.model.returns.operate(this.props.subject, kind, values, options);
    }

    /** Back to the list, unless somebody went elsewhere while the server was asked. */
    back() {
        if (this.model.returns.subject === this.props.subject) {
            this.model.returns.close();
        }
    }

    // === SCANS === //

    /** The goods by which the return was found are here; its label is not goods. */
    takeScannedCode() {
        const { scannedCode } = this.model;
        this.model.scannedCode = "";
        const isGoods = resolveReturnScan(this.detail, scannedCode).kind !== "unknown";
        if (this.detail.actions.item && (isGoods || this.detail.origin === "blind")) {
            this.onScan(scannedCode);
        }
    }

    onScan(barcode) {
        if (!this.detail) {
            return;
        }
        if (!this.detail.actions.item) {
            return this.model.say("warning", _t("Nothing more is received here: it is done."));
        }
        const found = resolveReturnScan(this.detail, barcode);
        if (found.kind === "lot") {
            return this.receive(found.line, 1, { lot_name: found.lot });
        }
        if (found.kind === "product") {
            return this.onProduct(found.line);
        }
        if (found.kind === "complete") {
            const name = productName(found.line.product);
            return this.model.say("warning", _t("%s: all that was delivered is back already.", name));
        }
        return this.onUnknown(barcode);
    }

    onProduct(line) {
        return line.product.tracking === "none"
            ? this.receive(line, Math.min(1, remaining(line)))
            : this.askLot(line);
    }

    /** What the screen does not know, the server may: a packaging, a lot, goods of another order. */
    async onUnknown(barcode) {
        const values = { barcode, quantity: 1 };
        if (!this.model.isConnected) {
            const text = _t("“%s” is not known here. It is kept until it can be asked for.", barcode);
            this.model.say("warning", text);
            return this.operate("return_item", values);
        }
        this.model.say("info", _t("Looking for “%s”…", barcode), "");
        const known = await this.model.returns.findGoods(this.props.subject, barcode);
        if (known && known.is_of_return) {
            return this.operate("return_item", values, { loud: true });
        }
        const text = known?.message || _t("Nobody knows the barcode %s.", barcode);
        this.model.say("warning", text);
        return this.openOther(barcode, known);
    }

    // === RECEIVING === //

    receive(line, count, values = {}) {
        this.state.key = line.key;
        const told = { ...lineValues(line), quantity: count, ...values };
        const answer = this.operate("return_item", told, QUIET);
        this.tell(line);
        return answer;
    }

    /** Says and plays what became of a line. */
    tell({ key }) {
        const detail = this.model.returns.get(this.props.subject);
        const line = detail.lines.find((each) => each.key === key);
        const values = {
            product: productName(line.product),
            received: quantity(line.received),
            announced: quantity(line.announced),
        };
        const isAll = detail.lines.some((each) => each.announced) && !detail.lines.some(missing);
        if (line.announced && line.received > line.announced) {
            const text = _t("%(product)s: %(received)s, only %(announced)s were announced.", values);
            this.model.say("warning", text);
        } else if (isAll) {
            this.model.say("done", _t("All that was announced is here."));
        } else if (line.announced) {
            this.model.say("ok", _t("%(product)s: %(received)s of %(announced)s", values));
        } else {
            this.model.say("ok", _t("%(product)s: %(received)s", values));
        }
    }

    onQuantity(line, value) {
        const delta = value - line.received;
        if (delta > 0 && line.product.tracking !== "none") {
            return this.askLot(line);
        }
        if (delta > 0) {
            return this.receive(line, delta);
        }
        // Taken off what is not graded yet, the last first.
        let left = -delta;
        const items = itemsOf(this.detail, line).filter((item) => !item.grade && !item.is_booked);
        for (const item of items.reverse()) {
            const part = Math.min(item.quantity, left);
            if (part > 0) {
                this.operate("return_item", { ...itemValues(this.detail, item), quantity: -part }, QUIET);
                left -= part;
            }
        }
        this.state.key = line.key;
        this.tell(line);
    }

    askLot(line) {
        this.state.key = line.key;
        const seen = new Set(itemsOf(this.detail, line).map((item) => item.lot));
        const isSerial = line.product.tracking === "serial";
        this.dialog.add(LotDialog, {
            model: this.model,
            // The dialog asks for as many as are still to come.
            line: { ...line, demand: line.received + remaining(line), picked: line.received, lot: null },
            choices: (line.lots || []).filter((lot) => !isSerial || !seen.has(lot)),
            take: (lotName, count) => this.receive(line, count, { lot_name: lotName }),
        });
    }

    /** All that was announced is here: for whoever has no scanner. */
    receiveAll() {
        const open = this.detail.lines.filter(missing);
        for (const line of open.filter((each) => each.product.tracking === "none")) {
            this.receive(line, missing(line));
        }
        const tracked = open.find((line) => line.product.tracking !== "none");
        if (tracked) {
            this.askLot(tracked);
        }
    }

    openOther(code = "", known = null) {
        this.dialog.add(OtherGoodsDialog, {
            model: this.model,
            detail: this.detail,
            subject: this.props.subject,
            code,
            known,
            confirm: (values) => this.operate("return_item", { ...values, is_other: true }, { loud: true }),
        });
    }

    openMatch() {
        this.dialog.add(MatchDialog, {
            model: this.model,
            detail: this.detail,
            confirm: (candidate) =>
                this.operate("return_match", { order_id: candidate.order_id }, { loud: true }),
        });
    }

    // === GRADING === //

    gradeNext() {
        const [item] = ungraded(this.detail);
        return item && this.grade(item);
    }

    grade(item) {
        const line = this.detail.lines.find((each) => each.key === item.line_key);
        this.state.key = line?.key || "";
        this.dialog.add(GradeDialog, {
            model: this.model,
            detail: this.detail,
            item,
            confirm: (values) => {
                const told = { ...itemValues(this.detail, item), ...values };
                this.operate("return_grade", told, { loud: true });
                this.model.sounds.play("ok");
            },
        });
    }

    openDone() {
        this.dialog.add(DoneDialog, {
            model: this.model,
            detail: this.detail,
            confirm: async (values) => {
                const result = await this.operate("return_done", values, QUIET);
                if (result.outcome !== "refused") {
                    this.back();
                    const type = result.outcome === "warning" ? "warning" : "done";
                    this.model.say(type, result.message || _t("Received."));
                }
            },
        });
    }
}
