import { useEffect } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";

/** A planner works through proposals one after the other: deciding on one opens the next. */
export class ProposalFormController extends FormController {
    setup() {
        super.setup();
        this.leaving = null;
        useEffect(
            (resId, state) => {
                if (resId && resId === this.leaving && state !== "proposed") {
                    this.openNext();
                }
            },
            () => [this.model.root?.resId, this.model.root?.data.state]
        );
    }

    /** A rejection asks for its reason first: when to go on is seen by the state alone. */
    async beforeExecuteActionButton(clickParams) {
        const goesOn = clickParams.context?.includes("oms_then_next");
        this.leaving = goesOn ? this.model.root.resId : null;
        return super.beforeExecuteActionButton(clickParams);
    }

    async openNext() {
        this.leaving = null;
        const { resId, resIds } = this.model.root;
        const offset = resIds.indexOf(resId) + 1;
        if (offset && offset < resIds.length) {
            await this.onPagerUpdate({ offset, resIds });
        }
    }
}

registry.category("views").add("oms_proposal_form", { ...formView, Controller: ProposalFormController });
