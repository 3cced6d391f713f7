import { registry } from "@web/core/registry";

/** Looks at how many kits each site can put together, and at the part that runs out first. */
registry.category("web_tour.tours").add("oms_kit_stock", {
    steps: () => [
        {
            content: "The button says how many kits all sites can put together",
            trigger: "button[name='action_view_oms_stock']:contains('2')",
        },
        {
            content: "Open the stock of the kit",
            trigger: ".o_notebook_headers a[name='oms_stock']",
            run: "click",
        },
        {
            trigger: ".o_oms_kit_table .o_oms_total:contains('2')",
        },
        {
            content: "Nuts run out first",
            trigger: ".o_oms_kit_table tr[data-site='Near (NEAR)'] .o_oms_binding:contains('Nut'):contains('7')",
        },
        {
            trigger: ".o_oms_kit_table tr[data-site='Far (FAR)'] .o_oms_available:contains('0')",
        },
        {
            content: "See what channels can sell",
            trigger: ".o_oms_channels [data-channel='Web'] button:contains('2')",
        },
        {
            content: "Go to the part",
            trigger: ".o_oms_kit_table tr[data-site='Near (NEAR)'] .o_oms_binding a",
            run: "click",
        },
        {
            trigger: ".o_breadcrumb .active:contains('Nut')",
        },
    ],
});
