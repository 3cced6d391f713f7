import { onMounted, onWillUnmount } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { ProgressBarField, progressBarField } from "@web/views/fields/progress_bar/progress_bar_field";

const POLL_MS = 2000;
const AT_WORK = ["waiting", "running"];

/** How far a run is; while it is at work the view follows it by itself. */
export class RunProgressField extends ProgressBarField {
    setup() {
        super.setup();
        this.orm = useService("orm");
        onMounted(() => this.wait());
        onWillUnmount(() => browser.clearTimeout(this.timer));
    }

    get isAtWork() {
        const { resId, data } = this.props.record;
        return Boolean(resId) && AT_WORK.includes(data.state);
    }

    wait() {
        browser.clearTimeout(this.timer);
        this.timer = browser.setTimeout(() => this.follow(), POLL_MS);
    }

    async follow() {
        const { record, name } = this.props;
        if (this.isAtWork && !document.hidden) {
            let news = [];
            try {
                news = await this.orm.silent.read(record.resModel, [record.resId], ["state", "stage", name]);
            } catch {
                // The server cannot be reached or the run is gone: the next look tells.
            }
            const [run] = news;
            const { data } = record;
            if (run && ["state", "stage", name].some((each) => run[each] !== data[each])) {
                await record.model.root.load();
                record.model.notify();
            }
        }
        this.wait();
    }
}

registry.category("fields").add("oms_run_progress", {
    ...progressBarField,
    component: RunProgressField,
    fieldDependencies: [
        { name: "state", type: "selection" },
        { name: "stage", type: "selection" },
    ],
});
