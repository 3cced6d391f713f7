import {
    Component,
    onMounted,
    onWillStart,
    onWillUnmount,
    useExternalListener,
    useState,
} from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { MessageBanner } from "./message_banner";
import { OrderPage } from "./order_page";
import { ReturnList } from "./returns/return_list";
import { ReturnPage } from "./returns/return_page";
import { SiteChooser } from "./site_chooser";
import { SiteTabs } from "./site_tabs";
import { SiteWorkModel } from "./site_work_model";
import { TopBar } from "./top_bar";
import { WorkList } from "./work_list";

const POLL_MS = 20000;

/** The work of a site, for people with a phone and a scanner. */
export class SiteWork extends Component {
    static template = "oms.SiteWork";
    static components = {
        MessageBanner,
        OrderPage,
        ReturnList,
        ReturnPage,
        SiteChooser,
        SiteTabs,
        TopBar,
        WorkList,
    };
    static props = { ...standardActionServiceProps };
    static displayName = _t("Site Work");

    setup() {
        this.model = useState(new SiteWorkModel(useService("orm")));
        this.open = this.open.bind(this);
        this.back = this.back.bind(this);
        const barcode = useService("barcode");
        useBus(barcode.bus, "barcode_scanned", ({ detail }) => this.onScan(detail.barcode));
        useExternalListener(window, "online", () => this.model.refresh());
        useExternalListener(document, "visibilitychange", () => this.poll());
        onWillStart(() => this.start());
        onMounted(() => {
            document.body.classList.add("o_oms_site_work_open");
            this.timer = browser.setInterval(() => this.poll(), POLL_MS);
            // What an earlier page left.
            this.model.queue.flush();
        });
        onWillUnmount(() => {
            document.body.classList.remove("o_oms_site_work_open", "o_oms_with_menu");
            browser.clearInterval(this.timer);
            this.model.close();
        });
    }

    async start() {
        const { model } = this;
        await model.loadSites();
        if (this.props.resId) {
            model.orderId = Number(this.props.resId);
            model.returns.isShown = false;
            model.returns.subject = "";
        }
        if (!model.siteId) {
            model.returns.reset();
        }
        if (model.openSubject) {
            await model.loadOrder(model.openSubject);
        } else if (model.siteId) {
            await (model.returns.isShown ? model.returns.load() : model.loadWork());
        }
    }

    poll() {
        if (document.visibilityState === "visible" && !this.model.pending.length) {
            this.model.refresh();
        }
    }

    onScan(barcode) {
        this.model.scanHandlers.at(-1)?.(barcode);
    }

    /**
     * @param {number} id of a fulfillment
     * @param {string} [scannedCode] by which it was found: it may be the customer's
     */
    open(id, scannedCode = "") {
        this.model.orderId = id;
        this.model.message = null;
        this.model.scannedCode = scannedCode;
        this.props.updateActionState?.({ resId: id });
        return this.model.loadOrder(id);
    }

    back() {
        const { model } = this;
        model.message = null;
        if (model.orderId) {
            model.orderId = false;
            this.props.updateActionState?.({ resId: false });
            return model.siteId ? model.loadWork() : model.loadSites();
        }
        if (model.returns.subject) {
            return model.returns.close();
        }
        return model.chooseSite(false);
    }
}

registry.category("actions").add("oms_site_work", SiteWork);
