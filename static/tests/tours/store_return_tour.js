import { registry } from "@web/core/registry";
import { scan } from "./site_work_steps";

const line = (product) => `.o_oms_return_line:contains('${product}')`;

registry.category("web_tour.tours").add("oms_store_return", {
    steps: () => [
        {
            content: "A code that is of no order",
            trigger: ".o_oms_store_return .o_oms_scan_bar",
            run: () => scan("NO-SUCH-ORDER"),
        },
        { trigger: ".o_oms_missing:contains('NO-SUCH-ORDER')" },
        {
            content: "By the customer",
            trigger: ".o_oms_scan_bar input[name='code']",
            run: "edit lovelace",
        },
        { trigger: ".o_oms_found button:contains('Ada Lovelace'):contains('Apple')", run: "click" },
        { trigger: ".o_oms_request:disabled" },
        { trigger: `${line("Apple")} .o_oms_one_more`, run: "click" },
        { trigger: ".o_oms_actions:contains('Choose why')" },
        { trigger: `${line("Apple")} select[name='reason']`, run: "selectByLabel Too small" },
        { trigger: `${line("Cherry")} .o_oms_one_more`, run: "click" },
        { trigger: `${line("Cherry")} select[name='reason']`, run: "selectByLabel Does not work" },
        { trigger: ".o_oms_request:disabled" },
        { trigger: `${line("Cherry")} input[name='note']`, run: "edit It hums && click body" },
        { trigger: ".o_oms_outcomes [data-outcome='exchange']", run: "click" },
        { trigger: ".o_oms_outcomes [data-outcome='exchange'][aria-checked='true']" },
        { trigger: ".o_oms_ways [data-way='dropoff'][aria-checked='true']" },
        { trigger: ".o_oms_request:enabled", run: "click" },
        { trigger: ".o_oms_done[data-state='authorized']:contains('Authorized')" },
        { trigger: ".o_oms_next_return", run: "click" },
        { trigger: ".o_oms_store_return .o_oms_scan_bar" },
    ],
});
