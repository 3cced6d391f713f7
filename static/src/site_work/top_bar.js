import { Component, useState } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { WaitingDialog } from "./waiting_dialog";

/** Where one is, whether there is a connection, and what is seldom needed. */
export class TopBar extends Component {
    static template = "oms.SiteWorkTopBar";
    static components = { Dropdown, DropdownItem };
    static props = { model: Object, back: Function };

    setup() {
        this.dialog = useService("dialog");
        this.action = useService("action");
        this.model = useState(this.props.model);
    }

    get title() {
        const { model } = this;
        if (model.orderId) {
            return model.orders[model.orderId]?.order || _t("Order");
        }
        return model.site?.name || _t("Where do you work?");
    }

    get subtitle() {
        const { model } = this;
        return model.orderId ? model.orders[model.orderId]?.name || "" : "";
    }

    get canGoBack() {
        const { model } = this;
        return !!model.orderId || (!!model.siteId && model.sites?.length > 1);
    }

    get lastStep() {
        return this.model.orderId && this.model.lastStep(this.model.orderId);
    }

    get waitingText() {
        return _t("%s waiting", this.model.pending.length);
    }

    openWaiting() {
        this.dialog.add(WaitingDialog, { model: this.model });
    }

    openRecord() {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "oms.fulfillment",
            res_id: this.model.orderId,
            views: [[false, "form"]],
        });
    }

    toggleMenu() {
        document.body.classList.toggle("o_oms_with_menu");
    }
}
