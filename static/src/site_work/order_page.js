import { Component, onWillRender, useEffect, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { LotDialog } from "./lot_dialog";
import { availableActions } from "./order_actions";
import { OrderHeader } from "./order_header";
import { OrderLine } from "./order_line";
import {
    findLine,
    isComplete,
    isPicked,
    remaining,
    resolveScan,
    rowKey,
    rowValues,
} from "./optimism";
import { usePullToRefresh } from "./pull_to_refresh";
import { ScanBar } from "./scan_bar";
import { useScanHandler } from "./scan_handler";
import { ShortDialog } from "./short_dialog";
import { moment, productName, quantity } from "./words";

/** A good answer adds nothing to what the screen said at once. */
const QUIET = { quiet: true };

/**
 * One order at the site. What can be done with it comes from the registry
 * `oms_site_work_actions`, further parts of the page from `oms_site_work_panels`: components with
 * the props `page` and `detail`, and `isShown(detail, page)`.
 */
export class OrderPage extends Component {
    static template = "oms.SiteWorkOrderPage";
    static components = { OrderHeader, OrderLine, ScanBar };
    static props = { model: Object, orderId: Number, back: Function };

    setup() {
        this.dialog = useService("dialog");
        this.model = useState(this.props.model);
        this.state = useState({
            locationId: false,
            key: "",
            pulled: 0,
            isLabelAsked: false,
        });
        this.onScan = this.onScan.bind(this);
        this.onQuantity = this.onQuantity.bind(this);
        this.onShort = this.onShort.bind(this);
        Object.assign(this, { moment, quantity, rowKey });
        this.body = useRef("body");
        usePullToRefresh(
            this.body,
            () => this.model.refresh(),
            (pixels) => (this.state.pulled = pixels)
        );
        onWillRender(() => {
            this.detail = this.model.getOrder(this.props.orderId);
            this.actions = this.detail ? availableActions(this.detail, this) : [];
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

    get panels() {
        return registry
            .category("oms_site_work_panels")
            .getAll()
            .filter((panel) => panel.isShown(this.detail, this));
    }

    get canPick() {
        return !!this.detail.actions.pick && !this.detail.isHandedOver && !this.detail.isGivenBack;
    }

    /** Does something with the order, see `SiteWorkModel.operate`. */
    operate(kind, values, options) {
        return this.model.operate(this.props.orderId, kind, values, options);
    }

    /** Back to the list, unless somebody went elsewhere while the server was asked. */
    back() {
        if (this.model.orderId === this.props.orderId) {
            this.props.back();
        }
    }

    // === SCANS === //

    /** The code by which the order was found may do something with it at once. */
    takeScannedCode() {
        const { scannedCode } = this.model;
        this.model.scannedCode = "";
        this.actions.some(({ onScan }) => onScan?.(this, scannedCode));
    }

    onScan(barcode) {
        if (!this.detail || this.actions.some(({ onScan }) => onScan?.(this, barcode))) {
            return;
        }
        const found = resolveScan(this.detail, barcode, this.state.locationId);
        const handlers = {
            location: () => this.onLocation(found),
            package: () => this.onPackage(found.package),
            complete: () => this.onSurplus(found.line),
            elsewhere: () => this.onElsewhere(found),
            product: () => this.onProduct(barcode, found.line),
            lot: () => this.onProduct(barcode, found.line),
            unknown: () => this.onUnknown(barcode),
        };
        if (!this.canPick && ["product", "lot", "complete", "elsewhere"].includes(found.kind)) {
            const text = this.detail.actions.accept
                ? _t("Accept the order first, then pick.")
                : _t("Nothing is to be picked here any more.");
            return this.model.say("warning", text);
        }
        return handlers[found.kind]();
    }

    onLocation({ location, lines }) {
        this.state.locationId = location.id;
        const open = lines.filter((line) => !isComplete(line));
        const products = open.map((line) => productName(line.product)).join(", ");
        const text = products
            ? _t("%(place)s: %(products)s", { place: location.name, products })
            : _t("%s: nothing more to pick here.", location.name);
        this.model.say(products ? "ok" : "warning", text);
    }

    onPackage(found) {
        this.model.say("info", _t("Package %s is of this order.", found.name), "ok");
    }

    onSurplus(line) {
        const text = _t("%s is complete already: put it back.", productName(line.product));
        this.model.say("warning", text);
    }

    /** Whoever scans places means to be told. */
    onElsewhere({ line, location }) {
        const values = {
            product: productName(line.product),
            right: line.location?.name,
            wrong: location?.name,
        };
        this.model.say(
            "error",
            _t("Wrong place: %(product)s is to be taken from %(right)s, not %(wrong)s.", values)
        );
    }

    onProduct(barcode, line) {
        const byLot = barcode.trim().toLowerCase() === line.lot?.name.toLowerCase();
        if (line.product.tracking !== "none" && !byLot) {
            return this.askLot(line);
        }
        return this.pickOne(line, barcode);
    }

    onUnknown(barcode) {
        if (this.model.isConnected) {
            this.model.say("info", _t("Looking for “%s”…", barcode), "");
        } else {
            const text = _t("“%s” is not known here. It is kept until it can be asked for.", barcode);
            this.model.say("warning", text);
        }
        return this.operate("scan", { barcode, quantity: 1, ...this.placeValues });
    }

    /** Where somebody stands. */
    get placeValues() {
        const { locationId } = this.state;
        return locationId ? { location_id: locationId } : {};
    }

    // === PICKING === //

    pickOne(line, barcode) {
        const step = Math.min(1, remaining(line));
        const values = { ...rowValues(line), ...this.placeValues };
        // The code of a packaging stands for several: the server tells how many.
        const isOne = [line.product.barcodes?.[0], line.lot?.name].includes(barcode.trim());
        const options = isOne ? QUIET : { loud: true };
        const answer = this.operate("scan", { barcode, quantity: step, ...values }, options);
        this.tell(line);
        return answer;
    }

    askLot(line) {
        this.state.key = rowKey(line);
        this.dialog.add(LotDialog, {
            model: this.model,
            line,
            take: (lotName, count) => {
                const values = { ...rowValues(line), lot_name: lotName };
                this.operate("set_picked", { ...values, quantity: count }, QUIET);
                this.tell(line);
            },
        });
    }

    /** Says and plays what became of a line that was picked from. */
    tell(line) {
        this.state.key = rowKey(line);
        const detail = this.model.getOrder(this.props.orderId);
        const now = findLine(detail, rowValues(line)) || line;
        const values = {
            product: productName(line.product),
            picked: quantity(now.picked),
            demand: quantity(now.demand),
        };
        if (isPicked(detail)) {
            this.model.say("done", _t("Everything is picked."));
        } else {
            this.model.say("ok", _t("%(product)s: %(picked)s of %(demand)s", values));
        }
    }

    onQuantity(line, value) {
        if (value > line.picked && line.product.tracking !== "none" && !line.lot) {
            return this.askLot(line);
        }
        const values = { ...rowValues(line), quantity: value, before: line.picked };
        this.operate("set_picked", values, QUIET);
        this.tell(line);
    }

    onShort(line) {
        this.dialog.add(ShortDialog, {
            model: this.model,
            line,
            reasons: this.detail.reasons,
            confirm: (reasonId) =>
                this.operate("short", { ...rowValues(line), reason_id: reasonId }),
        });
    }

    /** Takes for picked what was to be picked: for sites without a scanner. */
    pickAll() {
        for (const line of this.detail.lines.filter((each) => !isComplete(each))) {
            if (line.product.tracking === "none" || line.lot) {
                const before = line.picked;
                const values = { ...rowValues(line), quantity: before + remaining(line), before };
                this.operate("set_picked", values, QUIET);
            }
        }
        const { lines } = this.model.getOrder(this.props.orderId);
        const left = lines.filter((line) => !isComplete(line));
        if (left.length) {
            this.askLot(left[0]);
        } else {
            this.model.say("done", _t("Everything is picked."));
        }
    }

    // === LABELS === //

    /** Has labels bought; the panel of labels then waits for them. */
    async askLabel() {
        this.state.isLabelAsked = true;
        const result = await this.operate("label");
        if (result.outcome === "refused") {
            this.state.isLabelAsked = false;
        }
    }
}
